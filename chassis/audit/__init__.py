"""The audit: each change that a person or a program makes, appended in the transaction that makes it.

Entries of an entity are chained: each holds the SHA-256 of the one before, so that one that was taken out or changed
later shows (`python -m chassis.audit verify SERVICE`). A service that has it says so in its models:

class AuditEntry(AuditEntryMixin, Base): __tablename__ = "audit_entries"
class AuditHead(AuditHeadMixin, Base): __tablename__ = "audit_heads"
"""
