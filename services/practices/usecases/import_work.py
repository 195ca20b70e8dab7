"""The work behind queued debt files: checked into the staging table, then loaded from there in chunks that commit.

It may be killed anywhere. A row stands in the file, or in the staging table, or among the practices, and goes from one
to the next in one transaction: started again, the work goes on where it was, no row twice and none lost.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from chassis import logs
from chassis.storage.database import Database, is_out_of_reach
from contracts.errors import Refused
from services.practices import catalogue_records
from services.practices.debt_file import files as debt_file
from services.practices.models import Import
from services.practices.repository import catalogue, import_jobs, import_previews, practices
from services.practices.repository.batches import batches
from services.practices.usecases import import_rows, issuance
from services.practices.usecases.import_rows import Target

log = logs.get_logger(__name__)

_CHUNK_ROWS: Final = 2_000
_ANNULLED_AT_ONCE: Final = 1_000


class _Ended(Exception):
    """The import was cancelled or stopped, or another process has gone on with it."""


def work_off(database: Database, clock: Callable[[], datetime]) -> None:
    """Load files until none waits that another process is not at; then tidy away what they left.

    Raises the last of what was raised over an entity's file, once those of all others are loaded: it waits meanwhile.
    """
    stuck: dict[str, Exception] = {}
    while _load_one_of_each(database, clock, stuck):
        pass
    import_jobs.tidy(database)
    for error in stuck.values():
        raise error


def _load_one_of_each(database: Database, clock: Callable[[], datetime], stuck: dict[str, Exception]) -> int:
    """Load the next file of every entity that nobody is loading for; return how many there were."""
    with database.reading() as session:
        entities = import_jobs.waiting_entities(session)
    loaded = 0
    for entity_code in entities:
        if entity_code in stuck:
            continue
        try:
            with import_jobs.turn(database, entity_code) as is_ours:
                if is_ours and _load_next(database, entity_code, clock):
                    loaded += 1
        except Exception as error:
            if is_out_of_reach(error):
                raise
            # Without what a database says of a row: it would quote it.
            log.error("import_stuck", entity=entity_code, error=type(error).__name__)  # noqa: TRY400 -- see above
            stuck[entity_code] = error
    return loaded


def _load_next(database: Database, entity_code: str, clock: Callable[[], datetime]) -> bool:
    with database.reading() as session:
        job = import_jobs.next_import(session, entity_code)
    if job is None:
        return False
    log.info("import_started", import_id=str(job.id), entity=entity_code, state=job.state, rows=job.checked_rows)
    try:
        if job.state != "loading":
            _check(database, job)
        if job.preview:
            _preview(database, job, clock)
        else:
            _load(database, job, clock)
    except Refused as refused:
        with database.transaction() as tx:
            import_jobs.refuse(tx.session, job.id, refused.code)
        log.info("import_refused", import_id=str(job.id), code=refused.code.value)
    except _Ended:
        log.info("import_ended", import_id=str(job.id))
    else:
        log.info("import_done", import_id=str(job.id))
    return True


def _check(database: Database, job: Import) -> None:
    """Read the file, from the line on that was read last, and stage its rows. Raises Refused for the whole file."""
    with database.reading() as session:
        entity = catalogue.entity(session, job.entity_code)
        services = catalogue.services(session, job.entity_code)
    conventions = catalogue_records.file_conventions(entity, services)
    rules = {one.code: catalogue_records.rules_of(one) for one in services if _is_allowed(job, one.code)}
    pieces = partial(import_jobs.parts, database, job.id)
    for rows in batches(debt_file.read_pieces(pieces, rules, conventions, after_line=job.checked_line), _CHUNK_ROWS):
        with database.transaction() as tx:
            if not import_jobs.stage(tx.session, job, rows):
                raise _Ended
        job.checked_line, job.checked_rows = rows[-1].line, job.checked_rows + len(rows)
    with database.transaction() as tx:
        import_jobs.end_checking(tx.session, job.id)


def _is_allowed(job: Import, service_code: str) -> bool:
    return job.allowed_services is None or service_code in job.allowed_services


def _target(database: Database, job: Import) -> Target:
    with database.reading() as session:
        entity = catalogue.entity(session, job.entity_code)
        # Whatever the catalogue has become since the rows were checked.
        services = catalogue.services_ever(session, entity.code)
    issuers = {service.code: catalogue_records.issuer_of(entity, service) for service in services}
    return Target(job.id, entity, issuers, job.allowed_services)


def _preview(database: Database, job: Import, clock: Callable[[], datetime]) -> None:
    """Tell what would become of what is staged, from the first row to the last, and wait."""
    target = _target(database, job)
    with database.reading() as session:
        stop = import_jobs.last_staged_line(session, job.id) + 1
    while (first := job.previewed_line + 1) < stop:
        lines = range(first, min(stop, first + _CHUNK_ROWS))
        with database.reading() as session:
            rows = import_jobs.staged(session, job.id, lines)
        services = {row.good[1].service_code for row in rows if row.good is not None}
        with database.transaction() as tx:
            counts = import_rows.preview(tx, target, rows, clock())
            if not import_previews.note_previewed(tx.session, job, lines[-1], counts.by_column(), services):
                raise _Ended
        job.previewed_line, job.services = lines[-1], sorted({*(job.services or ()), *services})
    with database.transaction() as tx:
        import_previews.end_preview(tx.session, job.id)


def _load(database: Database, job: Import, clock: Callable[[], datetime]) -> None:
    """Load what is staged, from the last row to the first; annul what the file does not name, where it is to be."""
    if job.previewed_line:
        import_previews.forget_preview(database, job.id)
    target = _target(database, job)
    with database.reading() as session:
        stop = import_jobs.last_staged_line(session, job.id) + 1
    while stop > 1:
        lines = range(max(1, stop - _CHUNK_ROWS), stop)
        issuance.again_on_conflict(partial(_load_chunk, database, target, lines, clock))
        stop = lines.start
    if job.annul_reason is not None:
        _annul_missing(database, job.id, job.annul_reason, clock)
    with database.transaction() as tx:
        import_jobs.finish(tx.session, job.id)


def _load_chunk(database: Database, target: Target, lines: range, clock: Callable[[], datetime]) -> None:
    """Load the rows of some lines and take them off the staging table, in one transaction."""
    with database.reading() as session:
        rows = import_jobs.staged(session, target.import_id, lines)
        known = practices.known_external_ids(session, target.entity.code, import_rows.good_references(rows))
    numbers = issuance.allocate_for(database, import_rows.issuers_of_new(rows, target.issuers, known))
    with database.transaction() as tx:
        if import_jobs.take(tx.session, target.import_id, lines) != len(rows):
            raise _Ended
        counts = import_rows.load(tx, target, rows, numbers, clock())
        import_jobs.note_loaded(tx.session, target.import_id, counts.by_column())


def _annul_missing(database: Database, import_id: UUID, reason: str, clock: Callable[[], datetime]) -> None:
    """Annul the debts to pay of a file's services that it does not name, in batches that commit."""
    place = 0
    while True:
        with database.transaction() as tx:
            places = import_previews.missing_places(tx.session, import_id, place, _ANNULLED_AT_ONCE)
            rows = import_previews.locked_to_pay(tx.session, places)
            for row in rows:
                issuance.annul(tx, row, reason, clock())
            if not import_previews.note_annulled(tx.session, import_id, len(rows)):
                raise _Ended
        if not places:
            return
        place = places[-1]
