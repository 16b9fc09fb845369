# A release pins both bases: --build-arg BUILD_DIGEST=sha256:… --build-arg BASE_DIGEST=sha256:…, which
# `npm run release` asks the registries for.
ARG BUILD_DIGEST=""
ARG BASE_DIGEST=""

FROM node:24-trixie-slim${BUILD_DIGEST:+@${BUILD_DIGEST}} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# No install scripts: nothing that is bundled, or bundles, needs one.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE tsconfig.json ./
COPY scripts/image/ ./scripts/image/
COPY operator/ ./operator/
RUN node scripts/image/build-tree.ts --output ../image

FROM gcr.io/distroless/nodejs24-debian13:nonroot${BASE_DIGEST:+@${BASE_DIGEST}}
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="aurora-dr-operator" \
      org.opencontainers.image.description="Disaster recovery of Aurora MySQL global databases" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
ENV NODE_ENV=production
# Owned by root and written by nobody: a read-only root file system will do.
COPY --from=build /image/ ./
# By number, so that runAsNonRoot can be checked.
USER 65532:65532
EXPOSE 8080 8081
# The operator is process 1 itself: it gets SIGTERM and ends in order. What it holds of thousands of policies lives for
# long: a heap that grows in small steps takes much less memory and somewhat more CPU. What a round reads must not outgrow the
# nursery, though.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=16", "--heap-growing-percent=30", "operator/main.mjs"]
