"""The outbox by months: a partition each, so that what is old goes as a whole table, at once and without a trace.

What was there before the months is `outbox_until_2027_01`, and ends with the month before the one it names. From then
on there is `outbox_2027_01` and so on, three months ahead of today. `outbox_other` takes what is of no month: nobody
has made it yet, or a clock was wrong by years; it goes to its month once that is made. Each partition has keys of its
own: no key spans them without the moment in it.

Readers and writers name `outbox` alone, as before. `outbox_keep_months` is the owner's, for the relay may make and drop
no table. It never goes by a clock that is ahead of the database's, leaves a month that is not relayed to the end, and
the newest position, from which the next one is counted.
"""

from typing import Final

from alembic import op

PARTITIONS: Final = r"outbox_(other|until_\d{4}_\d{2}|\d{4}_\d{2})"
"""The names of the partitions, as a regular expression."""

_BOUNDED: Final = """
DO $$
DECLARE
    month timestamp;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = to_regclass('outbox')) = 'p' OR EXISTS (
        SELECT FROM pg_constraint WHERE conrelid = to_regclass('outbox') AND conname LIKE 'outbox_until_%'
    ) THEN
        RETURN;
    END IF;
    SELECT greatest(
        date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months',
        date_trunc('month', max(created_at) AT TIME ZONE 'UTC') + interval '1 month'
    ) INTO month FROM outbox;
    EXECUTE format(
        'ALTER TABLE outbox ADD CONSTRAINT %I CHECK (created_at < %L) NOT VALID',
        'outbox_until_' || to_char(month, 'YYYY_MM'), month AT TIME ZONE 'UTC'
    );
END $$
"""
_PROVEN: Final = """
DO $$
DECLARE
    bound name;
BEGIN
    FOR bound IN
        SELECT conname FROM pg_constraint WHERE conrelid = to_regclass('outbox') AND conname LIKE 'outbox_until_%'
    LOOP
        EXECUTE format('ALTER TABLE outbox VALIDATE CONSTRAINT %I', bound);
    END LOOP;
END $$
"""
_KEEP: Final = """
CREATE OR REPLACE FUNCTION outbox_keep_months(at timestamptz, kept interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    until timestamptz;
    begins timestamptz;
    ends timestamptz;
    made name;
    part record;
    is_done boolean;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('outbox_keep_months'));
    SELECT to_date(right(relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' INTO until
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'outbox'::regclass AND relname LIKE 'outbox_until_%';
    FOR ahead IN 0..3 LOOP
        begins := (date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
        ends := (begins AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
        made := 'outbox_' || to_char(begins AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN coalesce(begins < until, false) OR to_regclass(made) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING DEFAULTS)', made);
        EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (id), ADD UNIQUE (event_id), ADD UNIQUE (position)', made);
        EXECUTE format(
            'WITH moved AS (DELETE FROM outbox_other WHERE created_at >= %L AND created_at < %L RETURNING *) '
            'INSERT INTO %I SELECT * FROM moved', begins, ends, made
        );
        EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', made, begins, ends);
    END LOOP;
    FOR part IN
        SELECT relname AS name, month AT TIME ZONE 'UTC' AS ends FROM pg_inherits
        JOIN pg_class ON pg_class.oid = inhrelid
        CROSS JOIN LATERAL (
            SELECT to_date(right(relname, 7), 'YYYY_MM')::timestamp
                + CASE WHEN relname LIKE 'outbox_until_%' THEN interval '0' ELSE interval '1 month' END AS month
        ) named
        WHERE inhparent = 'outbox'::regclass AND relname <> 'outbox_other'
        ORDER BY month
    LOOP
        CONTINUE WHEN part.ends > least(at, now()) - kept;
        EXECUTE format(
            'SELECT NOT EXISTS (SELECT FROM %1$I WHERE relayed_at IS NULL) '
            'AND coalesce((SELECT max(position) FROM %1$I) < (SELECT max(position) FROM outbox), true)', part.name
        ) INTO is_done;
        CONTINUE WHEN NOT is_done;
        EXECUTE format('DROP TABLE %I', part.name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
EXCEPTION WHEN lock_not_available THEN
    RETURN NULL;
END $$
"""
_SWAPPED: Final = """
DO $$
DECLARE
    first name;
    until timestamptz;
    newest bigint;
    held record;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = to_regclass('outbox')) = 'p' THEN
        RETURN;
    END IF;
    LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE;
    SELECT conname INTO STRICT first FROM pg_constraint
    WHERE conrelid = to_regclass('outbox') AND conname LIKE 'outbox_until_%';
    until := to_date(right(first, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC';
    SELECT coalesce(max(id), 0) INTO newest FROM outbox;
    EXECUTE format('ALTER TABLE outbox RENAME TO %I', first);
    EXECUTE format('ALTER TABLE %I ALTER COLUMN id DROP IDENTITY', first);
    EXECUTE format('ALTER INDEX ix_outbox_unrelayed RENAME TO %I', first || '_unrelayed');
    EXECUTE format('ALTER INDEX ix_outbox_created_at RENAME TO %I', first || '_created_at');
    EXECUTE format('ALTER INDEX ix_outbox_subject RENAME TO %I', first || '_subject');
    EXECUTE format('CREATE TABLE outbox (LIKE %I INCLUDING DEFAULTS) PARTITION BY RANGE (created_at)', first);
    EXECUTE format(
        'ALTER TABLE outbox ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH %s)', newest + 1
    );
    CREATE INDEX ix_outbox_unrelayed ON outbox (id) WHERE relayed_at IS NULL;
    CREATE INDEX ix_outbox_created_at ON outbox (created_at);
    CREATE INDEX ix_outbox_subject ON outbox (subject);
    EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', first, until);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', first, first);
    CREATE TABLE outbox_other PARTITION OF outbox DEFAULT;
    ALTER TABLE outbox_other ADD PRIMARY KEY (id), ADD UNIQUE (event_id), ADD UNIQUE (position);
    FOR held IN
        SELECT privilege_type AS may, NULL::name AS named, grantee FROM pg_class, aclexplode(relacl)
        WHERE pg_class.oid = to_regclass(quote_ident(first)) AND grantee <> relowner
        UNION ALL
        SELECT privilege_type, attname, grantee FROM pg_attribute, aclexplode(attacl)
        WHERE attrelid = to_regclass(quote_ident(first))
    LOOP
        EXECUTE format(
            'GRANT %s%s ON outbox TO %s', held.may, coalesce(' (' || quote_ident(held.named) || ')', ''),
            CASE WHEN held.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(held.grantee)) END
        );
    END LOOP;
    PERFORM outbox_keep_months(now(), interval '100 years');
END $$
"""
_OWNERS: Final = "REVOKE ALL ON FUNCTION outbox_keep_months(timestamptz, interval) FROM PUBLIC"

STEPS: Final = (_BOUNDED, _PROVEN, _KEEP, _OWNERS, _SWAPPED)
"""What makes an outbox one of months, statement by statement; done again, they change nothing."""


def partition() -> None:
    """Make a service's outbox one of months: for migrations.

    The table is looked through beside the traffic; the swap itself takes as long as a rename. The release before finds
    its table as it was, by its name, with its columns and rights.
    """
    looked_through, swapped = STEPS[:2], STEPS[2:]
    with op.get_context().autocommit_block():
        for statement in looked_through:
            op.execute(statement)
    for statement in swapped:
        op.execute(statement)
