#!/bin/sh
# Pakkejobben: skriver ut og rydder bort pakkelapper. Kjøres av root hvert andre sekund.
# Gruppa «butikk» får endre denne fila, så slipper vi å vekke Ingrid når skriveren bytter navn.
for lapp in /srv/butikk/pakkelapper/*.ny; do
    [ -e "$lapp" ] || continue
    echo "pakket $(basename "$lapp" .ny)"
    rm -f "$lapp"
done
