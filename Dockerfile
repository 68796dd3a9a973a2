# docker build -t dashscope-mock . && docker run --rm -p 127.0.0.1:8000:8000 dashscope-mock
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY mockserver mockserver
COPY schemas schemas
COPY fixtures fixtures
RUN python -m venv /opt/dashscope-mock \
    && /opt/dashscope-mock/bin/pip install --no-cache-dir '.[state]'
# The tables of both vocabularies are part of the image: who runs it has no home, and containers share them.
ENV XDG_CACHE_HOME=/opt/dashscope-mock/cache
RUN /opt/dashscope-mock/bin/python -c "from mockserver.meter.tokenizer import load; load('qwen'); load('qwen3.5')"

FROM python:3.13-slim
LABEL org.opencontainers.image.title="dashscope-mock" \
      org.opencontainers.image.description="An offline DashScope, for tests without an API key." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/dashscope-mock /opt/dashscope-mock
ENV PATH=/opt/dashscope-mock/bin:$PATH PYTHONUNBUFFERED=1 XDG_CACHE_HOME=/opt/dashscope-mock/cache
RUN useradd --system --uid 10001 --no-create-home mock
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Everybody may ask for the health; it is 503 until the vocabulary is read.
HEALTHCHECK --interval=2s --timeout=2s --start-period=20s --retries=5 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/_mock/health', timeout=2)"]
# Inside of a container every address is its own. The control API wants the token that is printed, or that of
# DASHSCOPE_MOCK_CONTROL_TOKEN; what is published on a loopback only may be opened with --control on.
ENTRYPOINT ["dashscope-mock"]
CMD ["serve", "--host", "0.0.0.0"]
