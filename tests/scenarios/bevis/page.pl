# Answers whoever comes to a port that there is nothing here.
use strict;
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die $!;
while (my $talk = $server->accept) {
    my $line = <$talk>;
    print $talk "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    close $talk;
}
