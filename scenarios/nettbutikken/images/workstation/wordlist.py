"""Print the office's word list: every word of a file, capitalised, with every year people put in passwords."""

import sys
from pathlib import Path

YEARS = range(1990, 2027)

for word in Path(sys.argv[1]).read_text(encoding="utf-8").split():
    for year in YEARS:
        print(f"{word.capitalize()}{year}")
