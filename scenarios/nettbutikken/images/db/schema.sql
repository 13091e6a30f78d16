-- The shop's database, the same for every team; what differs comes from team.sql at start.
CREATE ROLE butikk LOGIN CONNECTION LIMIT 20;
CREATE ROLE eier LOGIN CONNECTION LIMIT 5;
ALTER ROLE butikk SET statement_timeout = '3s';
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE TABLE vare (id int PRIMARY KEY, navn text, pris int, beskrivelse text);
INSERT INTO vare VALUES
    (1, 'Selbuvotter', 449, 'Åttebladrose i svart og hvitt. Strikket i Trøndelag.'),
    (2, 'Lusekofte', 1790, 'Den ekte varen, med tinnspenner.'),
    (3, 'Nisselue', 299, 'Rød, i toved ull. Kler alle.'),
    (4, 'Raggsokker', 199, 'Grå med rød stripe. Klør bare litt.'),
    (5, 'Islender', 1490, 'Rundfelt genser for dårlig vær.'),
    (6, 'Pulsvanter', 249, 'Varme ved tastaturet hele vinteren.'),
    (7, 'Skjerf, ribbestrikk', 399, 'To meter merinoull.'),
    (8, 'Garnnøste, villsau', 89, '50 gram, naturfarget.');

CREATE TABLE kunde (id int PRIMARY KEY, navn text, epost text, poststed text, fodselsnummer text);
-- Made-up people. Month + 80 marks a synthetic national identity number, as in the tax authority's test data.
INSERT INTO kunde
SELECT n,
       fornavn || ' ' || etternavn,
       lower(fornavn) || n || '@kunde.example',
       (ARRAY['Lillehammer', 'Gjøvik', 'Hamar', 'Otta', 'Røros', 'Oppdal', 'Moelv'])[1 + n % 7],
       CASE WHEN n % 6 = 1 THEN to_char(1 + n % 28, 'FM00') || to_char(81 + n % 12, 'FM00') || to_char(40 + n % 55, 'FM00')
                                || to_char(10000 + n * 397, 'FM00000') END
FROM generate_series(1, 140) AS n,
LATERAL (SELECT (ARRAY['Kari', 'Ola', 'Nils', 'Anne', 'Ingvild', 'Per', 'Sunniva', 'Aksel', 'Marit', 'Jonas', 'Elle'])[1 + n % 11],
                (ARRAY['Bakken', 'Lien', 'Moen', 'Hagen', 'Berg', 'Solberg', 'Haugen', 'Dalen', 'Sara'])[1 + n % 9])
        AS person (fornavn, etternavn);

CREATE TABLE ansatt (brukernavn text PRIMARY KEY, rolle text, passord_sha256 text);
CREATE TABLE notat (emne text PRIMARY KEY, tekst text);
INSERT INTO notat VALUES
    ('kundeklubb', 'Vi trenger ikke fødselsnummer for å sende en lue i posten. Slett dem? Ingrid tar det etter jul.');
CREATE TABLE ordre (
    kid text PRIMARY KEY, vare int REFERENCES vare, antall int, kunde text, epost text, lagt timestamptz DEFAULT now());

GRANT SELECT ON vare, kunde, ansatt, notat TO butikk;
GRANT SELECT, INSERT ON ordre TO butikk;

CREATE SCHEMA hvelv AUTHORIZATION eier;
CREATE TABLE hvelv.avtale (leverandor text PRIMARY KEY, innhold text);
INSERT INTO hvelv.avtale VALUES
    ('Ullspinneriet i Sel', '14 kroner per nøste ut 2027. Må ikke komme ut.'),
    ('Tinnknappen AS', 'Enerett på tinnspenner i Innlandet.');
ALTER TABLE hvelv.avtale OWNER TO eier;
