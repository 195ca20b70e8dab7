"""What cart asks of practices."""

from collections.abc import Sequence
from uuid import UUID

from contracts.call import Rpc
from contracts.rpc import practices
from contracts.rpc.practices import GetManyRequest, Practice
from contracts.shapes import Viewer


def visible_practices(rpc: Rpc, viewer: Viewer, practice_ids: Sequence[UUID]) -> Sequence[Practice]:
    """Return the practices the viewer may see, in the order asked; the others are left out."""
    return rpc.call(practices.GET_MANY, GetManyRequest(viewer=viewer, practice_ids=practice_ids)).practices
