"""CTFd's ctfcli: challenge.yml files, one or a whole event of them."""
