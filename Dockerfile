# The image holds code only; own files are mounted at CALLGATE_HOME. Where the usual registries are slow to reach:
#   docker build --build-arg PYTHON_IMAGE=<mirror>/python:3.11-slim --build-arg PIP_INDEX_URL=<index> --tag callgate .
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS packages
# pip reads both while this stage is built; neither gets into the image.
ARG PIP_INDEX_URL
ARG PIP_TRUSTED_HOST
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1

WORKDIR /build
COPY requirements.txt requirements-scale.txt constraints.txt ./
# What tests need stays out, and so do the tests that packages bring along and the languages that no page of ours has. pip itself
# is not needed to run.
RUN grep -v '^pytest' requirements.txt > requirements-image.txt \
    && python -m venv --without-pip /opt/callgate \
    && pip --python /opt/callgate/bin/python install -r requirements-image.txt -r requirements-scale.txt \
    && find /opt/callgate/lib/python3.11/site-packages -mindepth 2 -type d -name tests -prune -exec rm -r {} + \
    && find /opt/callgate/lib/python3.11/site-packages/babel/locale-data -name '*.dat' \
        ! -name root.dat ! -name 'en*' ! -name 'zh*' -delete

WORKDIR /srv/callgate
COPY . .
# Compiled here once: the user of the image may not write beside the code, and would compile all of it at each start.
# What is compiled counts whatever the times of files say, which copying may change.
RUN /opt/callgate/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/callgate/lib .


FROM ${PYTHON_IMAGE}

# A container is production unless it is told otherwise (docker run --env APP_ENV=test): a .env without APP_ENV would mean dev.
ENV APP_ENV=prod
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 CALLGATE_HOME=/srv/callgate-home PATH=/opt/callgate/bin:$PATH
LABEL org.opencontainers.image.title="Callgate" \
      org.opencontainers.image.description="Owns the callback addresses that a company gives to third parties"

# The one user of the image owns nothing but the place for own files; 10001 is what a mount has to be readable for.
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin callgate \
    && install -d -m 0700 -o 10001 -g 10001 /srv/callgate-home /srv/callgate-home/var
COPY --from=packages /opt/callgate /opt/callgate
COPY --from=packages /srv/callgate /srv/callgate
WORKDIR /srv/callgate
# In numbers, so that Kubernetes sees that it is not root.
USER 10001:10001

EXPOSE 5003
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5003/healthz', timeout=2)"]
CMD ["flask", "serve", "--host", "0.0.0.0"]
