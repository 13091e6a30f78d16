-- What only this team has. May run again: the container may be stopped and started.
ALTER ROLE butikk PASSWORD :'shop_password';
ALTER ROLE eier PASSWORD :'owner_password';
INSERT INTO ansatt VALUES
    ('ingrid', 'daglig leder', encode(sha256(convert_to(:'admin_password', 'UTF8')), 'hex')),
    ('mons', 'sluttet', encode(sha256(convert_to(:'owner_password' || 'mons', 'UTF8')), 'hex'))
    ON CONFLICT (brukernavn) DO UPDATE SET passord_sha256 = excluded.passord_sha256;
INSERT INTO notat VALUES ('sporingsmerke', :'customer_flag') ON CONFLICT (emne) DO UPDATE SET tekst = excluded.tekst;
INSERT INTO hvelv.avtale VALUES ('sporingsmerke', :'vault_flag')
    ON CONFLICT (leverandor) DO UPDATE SET innhold = excluded.innhold;
