"""The shop's questions to its database."""

import secrets
from contextlib import closing
from hashlib import sha256

import psycopg2
from psycopg2.extras import RealDictCursor


def ask(sql, values=None):
    """Run one statement; rows as dictionaries."""
    with closing(psycopg2.connect(connect_timeout=3, cursor_factory=RealDictCursor)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []


def goods():
    return ask("SELECT id, navn, pris, beskrivelse FROM vare ORDER BY id")


def search(text):
    # The planted weakness: the customer's text becomes part of the statement.
    return ask(f"SELECT navn, pris, beskrivelse FROM vare WHERE navn ILIKE '%{text}%' OR beskrivelse ILIKE '%{text}%'")


def place_order(item, count, name, email):
    """Store an order and its packing slip; its payment reference, or None when there is no such item."""
    reference = str(10**9 + secrets.randbelow(9 * 10**9))
    stored = ask(
        "INSERT INTO ordre (kid, vare, antall, kunde, epost)"
        " SELECT %s, id, %s, %s, %s FROM vare WHERE id = %s RETURNING kid",
        (reference, count, name, email, item),
    )
    if not stored:
        return None
    with open(f"/srv/butikk/pakkelapper/{reference}.ny", "w", encoding="utf-8") as slip:
        slip.write(f"{count} x {item} til {name}\n")
    return reference


def order(reference):
    """One order with the item's name and the sum to pay, or None."""
    found = ask(
        "SELECT o.*, v.navn, v.pris * o.antall AS sum FROM ordre o JOIN vare v ON v.id = o.vare WHERE kid = %s",
        (reference,),
    )
    return found[0] if found else None


def latest_orders():
    return ask("SELECT o.*, v.navn FROM ordre o JOIN vare v ON v.id = o.vare ORDER BY lagt DESC LIMIT 20")


def signs_in(user, password):
    return bool(
        ask(
            "SELECT 1 FROM ansatt WHERE brukernavn = %s AND passord_sha256 = %s",
            (user, sha256(password.encode()).hexdigest()),
        )
    )
