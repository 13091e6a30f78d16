"""Writes the word list at build time: words of the quay, alone and with a year behind."""

WORDS = ("sommer", "vinter", "passord", "Brygge", "Fortoyning", "Kasse", "Skarv", "Fender", "Molo", "Havn")
print(*WORDS, *(f"{word}{year}" for word in WORDS for year in range(1930, 2025)), sep="\n")
