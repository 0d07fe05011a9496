# Front-end packages, locked; nothing is built from them.
FROM node:22-bookworm-slim AS front
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.12-slim-bookworm AS app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=scrm.settings.production
RUN useradd --system --uid 10001 --home-dir /app scrm
WORKDIR /app
COPY requirements/production.txt requirements/production.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/production.txt
COPY --from=front /app/node_modules node_modules
COPY manage.py ./
COPY scrm scrm
COPY contacts contacts
COPY channels channels
COPY compliance compliance
COPY campaigns campaigns
COPY templates templates
# Collected with throw-away values: the real secrets exist only at run time.
RUN DJANGO_SETTINGS_MODULE=scrm.settings.collect python manage.py collectstatic --noinput -v 0
USER scrm
EXPOSE 8000
CMD ["gunicorn", "scrm.wsgi", "-b", "0.0.0.0:8000", "-k", "gthread", "-w", "4", "--threads", "8", "--worker-tmp-dir", "/dev/shm"]
