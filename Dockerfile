# One image per part of the product, all from this file:
#   docker build --build-arg SERVICE=payments .            a service: identity, practices, cart, payments, notices
#   docker build --target gateway .                        the gateway
#   docker build --target sandbox .                        the stand-ins for SPID and pagoPA; never for production
# docker-compose.yml builds them all. No image but the last holds a file of sandbox/ or dev/.

FROM python:3.13-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app PATH=/venv/bin:$PATH
WORKDIR /app
# The folders are where volumes go: an empty volume takes its owner from the image.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portal && mkdir /keys /api-keys /state && chown portal /keys /api-keys /state

# An image has the packages of its own lock file and no others, hashes checked.
FROM base AS venv
RUN python -m venv /venv

FROM venv AS gateway-packages
COPY requirements/gateway.lock ./
RUN pip install --no-cache-dir --require-hashes -r gateway.lock

FROM venv AS service-packages
ARG SERVICE
COPY requirements/${SERVICE}.lock ./
RUN pip install --no-cache-dir --require-hashes -r ${SERVICE}.lock

FROM venv AS sandbox-packages
COPY requirements/sandbox.lock ./
RUN pip install --no-cache-dir --require-hashes -r sandbox.lock

# Bootstrap Italia and its fonts, out of the npm package.
FROM venv AS assets
COPY requirements/assets.lock ./
RUN pip install --no-cache-dir --require-hashes -r assets.lock
COPY package.json package-lock.json ./
COPY dev/__init__.py dev/assets.py dev/console.py dev/paths.py dev/problem.py dev/
RUN python -m dev.assets

# What every process of the product is made of.
FROM base AS product
COPY contracts contracts
COPY chassis chassis

FROM product AS gateway
COPY --from=gateway-packages /venv /venv
COPY --from=assets /app/build/static build/static
COPY gateway gateway
# Nothing is written at run time, so what is not compiled here would be compiled at each start.
RUN python -m compileall -q contracts chassis gateway
USER portal
# 8080: pages and API; 8081: the node's door, where the command is that of docker-compose.yml's `node`.
EXPOSE 8080 8081
ENV PORT=8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["sh", "-c", "exec python -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:$PORT/status/live', timeout=3)\""]
CMD ["gunicorn", "gateway.wsgi:application", "--worker-class=gateway.edge.worker.ReadAheadWorker", "--workers=2", "--threads=16", \
     "--preload", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "--bind=0.0.0.0:8080"]

FROM base AS sandbox
COPY --from=sandbox-packages /venv /venv
COPY --from=assets /app/build build
COPY contracts contracts
COPY chassis chassis
COPY services services
COPY sandbox sandbox
# It makes the keys and sends the first debts.
COPY dev dev
USER portal

# Last, so that it is what `docker build` makes without a target. The command is one of a service's three: itself, its
# relay (python -m chassis.relay SERVICE), or the job before both (docker-compose.yml, *-migrations).
FROM product AS service
ARG SERVICE
ENV SERVICE=${SERVICE}
COPY --from=service-packages /venv /venv
COPY --from=assets /app/build/fonts build/fonts
COPY services/__init__.py services/
COPY services/${SERVICE} services/${SERVICE}
RUN test -n "${SERVICE}" || { echo "give --build-arg SERVICE=..."; exit 1; }
RUN python -m compileall -q contracts chassis services
USER portal
# Each check starts a Python, half a second of work: nine of them every ten seconds took half a core.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["sh", "-c", "exec python -m chassis.health $SERVICE"]
CMD ["sh", "-c", "exec python -m chassis.run $SERVICE"]
