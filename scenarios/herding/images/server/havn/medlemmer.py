"""Writes the membership list at build time: made-up people, the same every time."""

FORNAVN = (
    *("Anne", "Bjørn", "Cecilie", "Dag", "Elin", "Frode", "Gro", "Håkon", "Inger"),
    *("Jostein", "Kari", "Leif", "Marit", "Nils", "Oddny", "Per", "Ragnhild"),
)
ETTERNAVN = (
    *("Aasen", "Brekke", "Dyrnes", "Eide", "Frøyen", "Gaustad", "Hopen"),
    *("Iversen", "Kvalvåg", "Lervik", "Myklebust", "Nerland", "Oterøy"),
)
MANGE = 143

print("medlemsnr;navn;fodselsdato;baatplass;helseopplysning")
for n in range(1, MANGE + 1):
    navn = f"{FORNAVN[n * 5 % 17]} {ETTERNAVN[n * 7 % 13]}"
    helse = ("pacemaker", "diabetes", "epilepsi")[n % 3] if n % 8 == 3 else ""
    print(f"{1000 + n};{navn};{1 + n % 28:02d}.{1 + n % 12:02d}.{1938 + n * 3 % 60};{'ABC'[n % 3]}{n % 48 + 1};{helse}")
