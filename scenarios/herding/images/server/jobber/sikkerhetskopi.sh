#!/bin/sh
# Sikkerhetskopi av medlemslista. Roald ville kunne hente den hjemmefra.
maal=/srv/havn/offentlig/gammelt
mkdir -p "$maal"
tar -cf "$maal/medlemmer.tar.ny" -C /srv/havn/data medlemmer.csv && mv "$maal/medlemmer.tar.ny" "$maal/medlemmer.tar"
