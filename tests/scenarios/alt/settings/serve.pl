# Answers whatever is asked on a port with a page.
use strict;
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die $!;
while (my $talk = $server->accept) {
    my $line = <$talk>;
    my $status = defined $line && $line =~ m{ /health } ? "200 OK" : "404 Not Found";
    print $talk "HTTP/1.1 $status\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrunning";
    close $talk;
}
