"""Writes last month's sign-in log at build time: who knocked, and who got in; the same every time."""

import random

draw = random.Random(1952)
HOSTS = {"203.0.113.66": 211, "198.51.100.23": 74, "203.0.113.140": 38, "192.0.2.77": 9}
knocks = [host for host, times in HOSTS.items() for _ in range(times)]
draw.shuffle(knocks)
for n, host in enumerate(knocks):
    when = f"Oct {1 + n // 12:02d} {n * 5 % 24:02d}:{n * 7 % 60:02d}:{n * 11 % 60:02d}"
    user = draw.choice(("root", "root", "admin", "invalid user oracle", "invalid user test", "roald"))
    print(f"{when} sshd[{2000 + n}]: Failed password for {user} from {host} port {40000 + n} ssh2")
    if n % 17 == 4:
        print(f"{when} sshd[{2000 + n}]: Accepted password for medlem from 192.0.2.{10 + n % 9} port {50000 + n} ssh2")
print("Oct 29 03:12:44 sshd[2411]: Accepted password for roald from 198.51.100.23 port 40411 ssh2")
