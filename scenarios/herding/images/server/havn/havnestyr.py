"""havnestyr vis | gjenopprett | passord BRUKER NYTT: what the site shows, as usual again, the office's passwords."""

import json
import shutil
import sys

import lager
from werkzeug.security import generate_password_hash


def vis() -> None:
    for navn in lager.STANDARD:
        print(f"{navn}: {lager.hent(navn)}")
    for hilsen in lager.gjestebok():
        print(f"gjestebok: {hilsen}")


def passord(bruker: str, nytt: str) -> None:
    kjente = lager.brukere()
    if bruker not in kjente:
        sys.exit(f"{bruker} er ikke bruker på nettsida; det er {', '.join(kjente)}")
    kjente[bruker] = generate_password_hash(nytt, "pbkdf2:sha256:20000")
    with open(f"{lager.HERE}/brukere.json", "w", encoding="utf-8") as file:
        json.dump(kjente, file)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["vis"]:
            vis()
        case ["gjenopprett"]:
            lager.gjenopprett()
            shutil.copyfile(f"{lager.HERE}/standard/velkommen.txt", f"{lager.HERE}/tekst/velkommen.txt")
        case ["passord", bruker, nytt]:
            passord(bruker, nytt)
        case _:
            sys.exit("bruk: havnestyr vis | gjenopprett | passord BRUKER NYTT")
