"""What the use cases of documents work with."""

from dataclasses import dataclass

from chassis.storage.database import Database
from contracts.call import Rpc
from services.notices.documents.renderers import Renderers
from services.notices.documents.settings import DocumentSettings


@dataclass(frozen=True)
class DocumentDependencies:
    """`public_url`: where the link to verify a document leads."""

    database: Database
    rpc: Rpc
    renderers: Renderers
    settings: DocumentSettings
    public_url: str
