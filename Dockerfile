# Twofold as an image: docs/deploy.md. It writes only into /data, /backups and /tmp.
FROM python:3.13-slim-trixie AS packages
WORKDIR /srv/twofold
COPY requirements.txt ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim-trixie
# pg_dump, pg_restore and psql, for backups; Debian's security team decides about the version
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin twofold \
    && install --directory --mode 700 --owner 10001 --group 10001 /data /backups
WORKDIR /srv/twofold
COPY --from=packages /srv/twofold/.venv .venv
COPY LICENSE pyproject.toml manage.py ./
COPY bin/start bin/
COPY config config
COPY partnerships partnerships
COPY retros retros
COPY templates templates
COPY static static
COPY public public
COPY deploy/healthy.py deploy/
COPY docs/guide.md docs/
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TWOFOLD_DATA_DIR=/data TWOFOLD_BACKUP_DIR=/backups
USER 10001:10001
VOLUME ["/data", "/backups"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD [".venv/bin/python", "deploy/healthy.py"]
ENTRYPOINT ["bin/start", "--host", "0.0.0.0", "--port", "8000"]
