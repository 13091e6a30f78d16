#!/bin/sh
# Rydder bort gamle gjestelister. Alle i styret skal kunne endre denne, sa Roald.
find /tmp -maxdepth 1 -name 'gjesteliste-*' -mmin +60 -delete
