"""The boat club's web site: notices, guest berths, documents, tides, measurements, quay lights and the office."""

import glob
import hmac
import json
import logging
import socket
import subprocess
from functools import wraps
from hashlib import sha256
from pathlib import Path

import lager
import redis
from flask import Flask, abort, redirect, render_template, request, send_file, send_from_directory
from lager import HERE
from waitress import serve
from werkzeug.security import check_password_hash

DOKUMENTER = f"{HERE}/dokumenter"
OFFENTLIG = f"{HERE}/offentlig"
MAALINGER = "/srv/maalinger"
KONTO = "/home/kasserer/kontonummer.txt"

app = Flask(__name__, template_folder=f"{HERE}/maler", static_folder=None)
tilgang = logging.getLogger("tilgang")


@app.after_request
def skriv_logg(svar):
    tilgang.info("%s %s %s %s", request.remote_addr, request.method, request.full_path, svar.status_code)
    return svar


@app.errorhandler(redis.RedisError)
def uten_lager(feil):
    return f"Nettsida får ikke tak i Redis: {feil}", 503


@app.get("/")
def forside():
    velkommen = Path(f"{HERE}/tekst/velkommen.txt").read_text("utf-8")
    return render_template("forside.html", velkommen=velkommen, lager=lager, maaling=siste_maaling(), lys=bryggelys())


@app.get("/helse")
def helse():
    lager.redis_().ping()
    return "i drift\n"


# Gjesteplasser og gjestebok


@app.post("/bestill")
def bestill():
    if not request.form.get("baat", "").strip():
        abort(400)
    if lager.hent("status") != "åpen" or int(lager.hent("ledige")) < 1:
        return render_template("kvittering.html", pris=None), 409
    konto = Path(KONTO).read_text("utf-8").strip()
    return render_template("kvittering.html", pris=lager.hent("pris"), konto=konto, baat=request.form["baat"])


@app.post("/gjestebok")
def skriv_i_gjestebok():
    lager.hilsen(request.form.get("hilsen", "").strip() or abort(400))
    return redirect("/")


# Dokumenter, filer og tidevann


@app.get("/dokumenter/hent")
def hent_dokument():
    fil = request.args.get("fil", "")
    if not Path(f"{DOKUMENTER}/{fil}").is_file():
        abort(404)
    return send_file(f"{DOKUMENTER}/{fil}", mimetype="text/plain")


@app.get("/filer/")
@app.get("/filer/<path:sti>")
def filer(sti=""):
    mappe = Path(OFFENTLIG, sti)
    if mappe.is_dir() and ".." not in sti:
        navn = sorted(fil.name + "/" * fil.is_dir() for fil in mappe.iterdir())
        return render_template("filer.html", sti=sti, navn=navn)
    return send_from_directory(OFFENTLIG, sti)


@app.get("/tidevann")
def tidevann():
    sted = request.args.get("sted", "Skarvøy")
    svar = subprocess.run(f"tidevann {sted}", shell=True, capture_output=True, text=True, timeout=5)
    return render_template("tidevann.html", sted=sted, svar=svar.stdout)


# Målinger og bryggelys


def siste_maaling():
    """The newest measurement that the weather station has delivered, by its own time."""
    funnet = []
    for fil in glob.glob(f"{MAALINGER}/*.json"):
        try:
            maaling = json.loads(Path(fil).read_text("utf-8"))
            funnet.append((str(maaling["tid"]), float(maaling["vann"]), float(maaling["vind"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return max(funnet, default=None)


@app.get("/maaling")
def maaling():
    return "{} {} {}\n".format(*(siste_maaling() or abort(503)))


def bryggelys():
    """What the light controller says, or that it does not."""
    settings = lager.oppsett()["bryggelys"]
    try:
        with socket.create_connection(("127.0.0.1", settings.getint("port")), 2) as styring:
            styring.sendall(f"KODE {settings.get('kode', '')}\nSTATUS\n".encode())
            return styring.makefile(encoding="utf-8").readlines()[-1].strip()
    except (OSError, IndexError):
        return "svarer ikke"


@app.get("/bryggelys")
def vis_bryggelys():
    return f"bryggelysene: {bryggelys()}\n"


# Kontoret


def okt(bruker):
    """The cookie that says who has signed in, sealed with the key in havn.ini."""
    nokkel = lager.oppsett()["okt"]["nokkel"]
    return f"{bruker}.{hmac.new(nokkel.encode(), bruker.encode(), sha256).hexdigest()}"


def for_kontoret(vis):
    @wraps(vis)
    def bare_innlogget(*args, **kwargs):
        kjeks = request.cookies.get("okt", "")
        if not hmac.compare_digest(kjeks.encode(), okt(kjeks.partition(".")[0]).encode()):
            return redirect("/kontor/inn")
        return vis(*args, **kwargs)

    return bare_innlogget


@app.route("/kontor/inn", methods=["GET", "POST"])
def logg_inn():
    bruker, passord = request.form.get("bruker", ""), request.form.get("passord", "")
    if request.method == "GET" or not check_password_hash(lager.brukere().get(bruker, ""), passord):
        return render_template("inn.html", galt=request.method == "POST"), 200 if request.method == "GET" else 403
    svar = redirect("/kontor")
    svar.set_cookie("okt", okt(bruker), httponly=True, samesite="Lax")
    return svar


@app.get("/kontor")
@for_kontoret
def kontor():
    return render_template("kontor.html", lager=lager)


@app.post("/kontor/endre")
@for_kontoret
def endre():
    for navn in lager.STANDARD:
        if navn in request.form:
            lager.sett(navn, request.form[navn])
    return redirect("/kontor")


@app.post("/api/status")
def status_fra_havnekontoret():
    """The port office's own program opens and closes the guest harbour with the key in havn.ini."""
    nokkel = lager.oppsett()["api"]["nokkel"]
    if not hmac.compare_digest(request.headers.get("X-Nokkel", "").encode(), nokkel.encode()):
        abort(403)
    lager.sett("status", request.form["status"])
    return "notert\n"


if __name__ == "__main__":
    logging.basicConfig(filename="/var/log/havn/tilgang.log", level=logging.INFO, format="%(asctime)s %(message)s")
    serve(app, host="0.0.0.0", port=80, threads=8)
