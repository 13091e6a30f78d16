"""The panel's words in both languages."""

LANGUAGES = ("nb", "en")
WORDS: dict[str, tuple[str, str]] = {
    "station": ("Storjuvet kraftverk", "Storjuvet power station"),
    "overview": ("Driftsbilde", "Overview"),
    "events": ("Hendelser", "Events"),
    "service": ("Vedlikehold", "Maintenance"),
    "sign_in": ("Logg inn", "Sign in"),
    "sign_out": ("Logg ut", "Sign out"),
    "user": ("Bruker", "User"),
    "password": ("Passord", "Password"),
    "wrong": ("Feil bruker eller passord.", "Wrong user or password."),
    "level": ("Vannstand", "Water level"),
    "level_unit": ("moh.", "m a.s.l."),
    "power": ("Effekt", "Power"),
    "vane": ("Ledeapparat", "Guide vanes"),
    "gate": ("Flomluke", "Flood gate"),
    "flow": ("Driftsvannføring", "Turbine flow"),
    "spill_flow": ("Flomoverløp", "Spillway"),
    "gate_flow": ("Gjennom luka", "Through the gate"),
    "cell": ("Trykkcelle", "Pressure cell"),
    "radar": ("Radar", "Radar"),
    "instruments": ("Målinger", "Measurements"),
    "drawing": ("Skisse av anlegget", "Sketch of the plant"),
    "trend": ("Vannstand de siste ti minuttene", "Water level, the last ten minutes"),
    "limits": ("Konsesjon: 411,50 til 412,50 moh.", "Licence: 411.50 to 412.50 m a.s.l."),
    "reservoir": ("Inntaksmagasin", "Intake reservoir"),
    "turbine": ("Turbin", "Turbine"),
    "grid": ("Nett", "Grid"),
    "state": ("Tilstand", "State"),
    "automatic": ("Automatisk", "Automatic"),
    "manual": ("Manuell", "Manual"),
    "running": ("I drift", "Running"),
    "tripped": ("UTLØST", "TRIPPED"),
    "high": ("Høy vannstand", "High water level"),
    "low": ("Lav vannstand", "Low water level"),
    "muted": ("Alarmer er sperret", "Alarms are muted"),
    "quiet": ("Ingen alarmer", "No alarms"),
    "silent": ("Ingen forbindelse med PLC-en", "No connection to the PLC"),
    "control": ("Styring", "Control"),
    "to_control": ("Logg inn for å styre anlegget.", "Sign in to control the plant."),
    "go_automatic": ("Sett i automatikk", "Set to automatic"),
    "go_manual": ("Ta over manuelt", "Take manual control"),
    "trip": ("Nødstopp", "Emergency stop"),
    "reset": ("Kvitter og start", "Reset and start"),
    "mute": ("Sperr alarmer", "Mute alarms"),
    "unmute": ("Slå på alarmer", "Unmute alarms"),
    "setpoint": ("Ønsket vannstand, moh.", "Wanted level, m a.s.l."),
    "set_vane": ("Ledeapparat manuelt, %", "Guide vanes by hand, %"),
    "set_gate": ("Flomluke manuelt, %", "Flood gate by hand, %"),
    "most_flow": ("Største driftsvannføring, m³/s", "Greatest turbine flow, m³/s"),
    "zero": ("Trykkcelle: nivå ved 4 mA, moh.", "Pressure cell: level at 4 mA, m a.s.l."),
    "span": ("Trykkcelle: måleområde, m", "Pressure cell: span, m"),
    "save": ("Lagre", "Save"),
    "saved": ("Utført.", "Done."),
    "refused": ("PLC-en tok ikke imot: {}", "The PLC did not accept it: {}"),
    "calibration": ("Kalibrering", "Calibration"),
    "new_password": ("Nytt passord (minst ti tegn)", "New password (at least ten characters)"),
    "change": ("Bytt passord", "Change the password"),
    "too_weak": ("Minst ti tegn, og ikke fabrikkens.", "At least ten characters, and not the factory's."),
    "changed": ("Passordet er byttet. Logg inn på nytt.", "The password is changed. Sign in anew."),
    "door": ("Fjernvedlikehold", "Remote maintenance"),
    "door_open": ("Leverandørens dør (port 2222) står åpen.", "The vendor's door (port 2222) is open."),
    "door_closed": ("Leverandørens dør er stengt.", "The vendor's door is closed."),
    "open_door": ("Åpne", "Open"),
    "close_door": ("Steng", "Close"),
    "backup": ("Sikkerhetskopi av prosjektet", "Backup of the project"),
    "download": ("Last ned storjuvet.prosjekt", "Download storjuvet.prosjekt"),
    "mark": ("Panelets merke", "The panel's mark"),
    "when": ("Tid", "Time"),
    "where": ("Fra", "From"),
    "what": ("Hendelse", "Event"),
    "nothing": ("Ingenting har hendt.", "Nothing has happened."),
    "event_in": ("Innlogget", "Signed in"),
    "event_refused": ("Innlogging avvist", "Sign-in refused"),
    "event_set": ("Satte {}", "Set {}"),
    "event_switch": ("Ga ordre: {}", "Ordered: {}"),
    "event_password": ("Byttet passordet", "Changed the password"),
    "event_door": ("Fjernvedlikehold: {}", "Remote maintenance: {}"),
    "event_backup": ("Hentet sikkerhetskopien", "Fetched the backup"),
    "missing": ("Siden finnes ikke.", "There is no such page."),
    "not_a_number": ("Skriv et tall.", "Write a number."),
}


def said(language: str) -> dict[str, str]:
    """Every word in a language."""
    at = LANGUAGES.index(language)
    return {name: both[at] for name, both in WORDS.items()}


def chosen(cookie: str, accepted: str) -> str:
    """The language: as chosen here before, else as the browser prefers, else bokmål."""
    if cookie in LANGUAGES:
        return cookie
    first = accepted.split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "nb"
