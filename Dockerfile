# Releases pin both bases: --build-arg BUILD_DIGEST=sha256:… --build-arg BASE_DIGEST=sha256:…
ARG BUILD_DIGEST=""
ARG BASE_DIGEST=""

FROM node:24-trixie-slim${BUILD_DIGEST:+@${BUILD_DIGEST}} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: none of the production dependencies needs one.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM gcr.io/distroless/nodejs24-debian13:nonroot${BASE_DIGEST:+@${BASE_DIGEST}}
LABEL org.opencontainers.image.title="aurora-dr-operator" \
      org.opencontainers.image.description="Disaster recovery of Aurora MySQL global databases" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
# Node strips the types itself (not inside node_modules, where nothing is TypeScript): there is no build step.
COPY operator ./operator
# By number, so that runAsNonRoot can be checked. Nothing is written: a read-only root file system will do.
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/nodejs/bin/node", "operator/main.ts"]
