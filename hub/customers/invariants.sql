-- name: consent_sealed | Every line of the consent log carries the digest of its own words and of the line before.
SELECT address_hash, sequence
FROM (
    SELECT *,
        lag(digest, 1, '') OVER mine AS digest_before,
        lag(sequence, 1, 0) OVER mine AS sequence_before
    FROM customers_consentevent
    WINDOW mine AS (PARTITION BY address_hash ORDER BY sequence)
) AS line
WHERE sequence <> sequence_before + 1
   OR previous_digest <> digest_before
   OR digest <> encode(sha256(convert_to(concat_ws(chr(31),
        previous_digest, address_hash, sequence, channel, purpose, programme, status, method,
        actor, wording, locale, reference,
        to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')), 'UTF8')), 'hex');

-- name: consent_head_counts | The head of every consent log names its newest line: none was cut off or put behind it.
SELECT coalesce(head.address_hash, newest.address_hash) AS address_hash, head.count, newest.sequence
FROM customers_consenthead AS head
FULL JOIN (
    SELECT DISTINCT ON (address_hash) address_hash, sequence, digest
    FROM customers_consentevent
    ORDER BY address_hash, sequence DESC
) AS newest USING (address_hash)
WHERE head.count IS DISTINCT FROM newest.sequence
   OR head.digest IS DISTINCT FROM newest.digest;

-- name: record_linked_once | Every source record speaks of exactly one profile.
SELECT record.id, count(link.id) AS active_links
FROM customers_sourcerecord AS record
LEFT JOIN customers_identitylink AS link ON link.record_id = record.id AND link.active
GROUP BY record.id
HAVING count(link.id) <> 1;

-- name: profile_shows_newest_contact | A profile's contact is the one its newest record names.
SELECT profile.id
FROM customers_profile AS profile
LEFT JOIN LATERAL (
    SELECT record.contact_id
    FROM customers_identitylink AS link
    JOIN customers_sourcerecord AS record ON record.id = link.record_id
    WHERE link.profile_id = profile.id AND link.active
    ORDER BY record.id DESC
    LIMIT 1
) AS newest ON true
WHERE profile.contact_id IS DISTINCT FROM newest.contact_id;

-- name: preference_ranks_gapless | The channels a profile chose for a purpose are ranked 1, 2, … without gaps.
SELECT profile_id, purpose
FROM customers_preference
WHERE rank > 0
GROUP BY profile_id, purpose
HAVING min(rank) <> 1 OR max(rank) <> count(*) OR count(DISTINCT rank) <> count(*);
