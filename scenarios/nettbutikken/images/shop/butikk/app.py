"""Vott og Lue's web shop: goods, search, orders, and the office's own pages."""

import logging
import os
import subprocess
from configparser import ConfigParser
from functools import wraps

import psycopg2
import store
from flask import Flask, abort, redirect, render_template, request, send_from_directory, session, url_for
from waitress import serve

HERE = "/srv/butikk"
PAYMENT = f"{HERE}/oppsett/betaling.ini"

app = Flask(__name__, template_folder=f"{HERE}/maler", static_folder=None)
app.secret_key = os.urandom(32)
access_log = logging.getLogger("tilgang")


@app.after_request
def write_access_log(response):
    who = session.get("user", "-")
    access_log.info("%s %s %s %s %s", request.remote_addr, who, request.method, request.path, response.status_code)
    return response


@app.errorhandler(psycopg2.Error)
def database_said_no(error):
    return render_template("feil.html", error=str(error)), 500


def payment():
    """Who is to be paid, and on which account."""
    config = ConfigParser()
    config.read(PAYMENT, encoding="utf-8")
    return config["betaling"]


@app.get("/")
def front():
    return render_template("butikk.html", goods=store.goods(), text="")


@app.get("/sok")
def search():
    text = request.args.get("q", "")
    return render_template("butikk.html", goods=store.search(text), text=text)


@app.post("/bestill")
def place_order():
    form = request.form
    try:
        item, count = int(form["vare"]), int(form["antall"])
    except ValueError:
        abort(400)
    if not 1 <= count <= 99 or not form["navn"].strip():
        abort(400)
    reference = store.place_order(item, count, form["navn"][:80], form["epost"][:80])
    return redirect(url_for("receipt", reference=reference), 303) if reference else abort(404)


@app.get("/kvittering/<reference>")
def receipt(reference):
    order = store.order(reference)
    return render_template("kvittering.html", order=order, payment=payment()) if order else abort(404)


@app.get("/helse")
def health():
    return "i drift\n"


@app.get("/robots.txt")
def robots():
    return "User-agent: *\nDisallow: /admin\nDisallow: /gammelt/butikk.py.bak\n", {"Content-Type": "text/plain"}


@app.get("/gammelt/<path:name>")
def old_files(name):
    return send_from_directory(f"{HERE}/gammelt", name, mimetype="text/plain")


def office_only(page):
    @wraps(page)
    def guarded(*args, **kwargs):
        return page(*args, **kwargs) if "user" in session else redirect(url_for("sign_in"))

    return guarded


@app.route("/admin/inn", methods=["GET", "POST"])
def sign_in():
    if request.method == "GET":
        return render_template("inn.html", wrong=False)
    user = request.form.get("brukernavn", "")
    if not store.signs_in(user, request.form.get("passord", "")):
        return render_template("inn.html", wrong=True), 403
    session["user"] = user
    return redirect(url_for("office"), 303)


@app.get("/admin")
@office_only
def office():
    return render_template("kontor.html", orders=store.latest_orders(), payment=payment())


@app.post("/admin/betaling")
@office_only
def set_payment():
    config = ConfigParser(interpolation=None)
    config["betaling"] = {key: request.form[key].replace("\n", " ").strip() for key in ("mottaker", "kontonummer")}
    with open(PAYMENT, "w", encoding="utf-8") as file:
        config.write(file)
    return redirect(url_for("office"), 303)


@app.route("/admin/nettverk", methods=["GET", "POST"])
@office_only
def network_test():
    host, output = request.form.get("vert", ""), ""
    if host:
        # The planted weakness: what is typed is handed to a shell.
        command = f"getent hosts {host}"
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=8, check=False)
        output = done.stdout + done.stderr
    return render_template("nettverk.html", host=host, output=output)


if __name__ == "__main__":
    handler = logging.FileHandler(f"{HERE}/logg/tilgang.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    access_log.addHandler(handler)
    access_log.setLevel(logging.INFO)
    access_log.propagate = False
    serve(app, host="0.0.0.0", port=8080, threads=4, asyncore_loop_timeout=30, ident="vott-og-lue")
