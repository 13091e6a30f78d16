"""A containerlab file with what such files have, for the tests."""

CLAB = """\
name: two-sites
prefix: __lab-name
mgmt: {network: mine, ipv4-subnet: 172.20.20.0/24}
topology:
  defaults:
    kind: linux
    env: {SITE: none, LEVEL: "1"}
  kinds:
    linux:
      image: ncr/base:bookworm
      memory: 256mb
    cisco:
      image: unused
  groups:
    edge:
      cmd: sleep infinity
      env: {LEVEL: "2"}
  nodes:
    r1:
      group: edge
      env: {SITE: north, PRICE: "5$"}
      cpu: 0.5
      exec: [ip link]
      binds: ["conf/r1.conf:/etc/r1.conf:rw"]
      startup-config: r1.cfg
      unheard-of: 1
    r2:
      group: edge
      entrypoint: /bin/sh -c
      memory: 1gb
      healthcheck: {test: [CMD, "true"], interval: 5, start-period: 3, odd: 1}
    web:
      image: nginx:1.27
      ports: ["8080:80"]
    sw: {kind: bridge}
  links:
    - endpoints: ["r1:eth1", "r2:eth1"]
      mtu: 9000
    - type: veth
      endpoints:
        - {node: r1, interface: eth2, mac: "02:00:00:00:00:01"}
        - {node: r2, interface: eth2}
    - endpoints: [web:eth1, sw:p1]
    - endpoints: [r2:eth3, sw:p2]
    - type: mgmt-net
      endpoint: {node: r1, interface: eth9}
"""
FILES = {"lab.clab.yml": CLAB, "conf/r1.conf": "hostname r1\n"}
