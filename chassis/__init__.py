"""What every process is bolted onto: settings, logs, database, outbox, inbox, RPC, health. No noun of the domain."""

import warnings

# eventlet announces its retirement at each import; nameko 3 needs it all the same.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
