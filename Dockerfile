FROM python:3.11-slim

# The code is in /srv/callgate and belongs to root; own files are mounted at CALLGATE_HOME.
# A container is production unless it is told otherwise (docker run --env APP_ENV=test): a .env without APP_ENV would mean dev.
ENV APP_ENV=prod
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 CALLGATE_HOME=/srv/callgate-home

WORKDIR /srv/callgate

COPY requirements.txt requirements-scale.txt constraints.txt ./
# What tests need stays out, and so do the tests that packages bring along.
RUN grep -v '^pytest' requirements.txt > requirements-image.txt \
    && pip install -r requirements-image.txt -r requirements-scale.txt \
    && rm requirements-image.txt \
    && find /usr/local/lib/python3.11/site-packages -mindepth 2 -type d -name tests -prune -exec rm -r {} +

COPY . .
# Compiled here once: the user of the image may not write beside the code, and would compile all of it at each start.
RUN python -m compileall -q .
RUN useradd --system --uid 10001 callgate && install -d -m 0700 -o callgate -g callgate /srv/callgate-home /srv/callgate-home/var
USER callgate

EXPOSE 5003
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5003/healthz', timeout=2)"]
CMD ["flask", "serve", "--host", "0.0.0.0"]
