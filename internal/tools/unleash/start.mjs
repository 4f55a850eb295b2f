// Runs a real Unleash on a free loopback port, on PostgreSQL in memory, and prints one line when it answers:
//
//   http://127.0.0.1:41234
//
//   node start.mjs [--stock] [--enterprise] [--port N] DIRECTORY      (where unleash.sh installed its packages)
//
// UNLEASH_ADMIN_TOKEN   the admin token to make, such as *:*.secret (needed)
// UNLEASH_DATABASE_URL  a real PostgreSQL: a database is made there, and dropped unless the server dies; without it PGlite
//                       runs in this process
//
// --stock: what a stray promise rejection does to the server everywhere, it does here: the process ends. Unleash's
//   migration tool installs the handlers that do so. Without --stock they are taken off, and rejections are logged.
// --enterprise: an emulation of Enterprise, not Enterprise: routes that the open-source edition lacks are mounted over the
//   services that its package has all the same. What they answer proves nothing about Unleash Enterprise.
//
// It stops on SIGTERM, SIGINT and SIGHUP, and when the process that started it is gone.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const parent = process.ppid
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stock: { type: 'boolean', default: false },
    enterprise: { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
  },
})
const require = createRequire(pathToFileURL(`${positionals[0]}/`))
const load = async (name) => import(pathToFileURL(require.resolve(name)))
const token = process.env.UNLEASH_ADMIN_TOKEN
if (!/^\*:\*\..+/.test(token ?? '')) {
  console.error('start.mjs: UNLEASH_ADMIN_TOKEN must look like *:*.secret')
  process.exit(2)
}

let unleash, pglite, socket, dropDatabase
let stopping = false
const stop = async (code) => {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(code), 5000).unref() // whatever hangs
  await unleash?.stop().catch(() => {})
  await socket?.stop().catch(() => {})
  await pglite?.close().catch(() => {})
  await dropDatabase?.().catch((error) => console.error('start.mjs:', error.message))
  process.exit(code)
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => stop(0))
setInterval(() => process.ppid === parent || stop(0), 500).unref()

// Unleash reads its environment while it is imported. What the shell has set for another server must not get in.
for (const name of Object.keys(process.env)) {
  if (/^(DATABASE_|HTTP_|INIT_|AUTH_)/.test(name)) delete process.env[name]
}
for (const name of ['PORT', 'NODE_ENV', 'BASE_URI_PATH', 'UNLEASH_URL', 'ENABLED_ENVIRONMENTS']) delete process.env[name]
Object.assign(process.env, {
  TZ: 'UTC',
  CHECK_VERSION: 'false',
  SEND_TELEMETRY: 'false',
  DATABASE_SSL: 'false',
  INIT_ADMIN_API_TOKENS: token,
  LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
  // tests' webhooks listen on loopback addresses
  UNLEASH_ALLOW_PRIVATE_URL_IN_INTEGRATION: process.env.UNLEASH_ALLOW_PRIVATE_URL_IN_INTEGRATION ?? 'true',
})

if (process.env.UNLEASH_DATABASE_URL) {
  const { Client } = createRequire(require.resolve('unleash-server'))('pg')
  const url = new URL(process.env.UNLEASH_DATABASE_URL)
  const execute = async (statement) => {
    const client = new Client({ connectionString: process.env.UNLEASH_DATABASE_URL })
    await client.connect()
    await client.query(statement).finally(() => client.end())
  }
  const name = `flagops_unleash_${process.pid}_${Date.now()}`
  try {
    await execute(`CREATE DATABASE ${name}`)
  } catch (error) {
    console.error(`start.mjs: no database at UNLEASH_DATABASE_URL: ${error.message}`)
    process.exit(1)
  }
  dropDatabase = () => execute(`DROP DATABASE ${name} WITH (FORCE)`)
  url.pathname = `/${name}`
  process.env.DATABASE_URL = url.href
} else {
  const [{ PGlite }, { PGLiteSocketServer }] = await Promise.all([
    load('@electric-sql/pglite'),
    load('@electric-sql/pglite-socket'),
  ])
  pglite = await PGlite.create()
  // The migrations use a second connection, but the socket server mixes up what two of them prepare at the same time:
  // one in Unleash's pool.
  socket = new PGLiteSocketServer({ db: pglite, host: '127.0.0.1', port: 0, maxConnections: 10 })
  const address = new Promise((resolve) => socket.addEventListener('listening', (event) => resolve(event.detail)))
  await socket.start()
  const { host, port } = await address
  Object.assign(process.env, {
    DATABASE_URL: `postgres://postgres:postgres@${host}:${port}/postgres`,
    DATABASE_POOL_MAX: '1',
    MIGRATION_LOCK: 'false',
  })
}

const lib = await load('unleash-server')
try {
  unleash = await lib.start({
    server: { host: '127.0.0.1', port: Number(options.port), gracefulShutdownEnable: false, gracefulShutdownTimeout: 500 },
    ...(options.enterprise && {
      enterpriseVersion: JSON.parse(readFileSync(`${positionals[0]}/package.json`)).dependencies['unleash-server'],
      ui: { environment: 'Enterprise' },
      preRouterHook: mountEnterprise,
    }),
  })
} catch (error) {
  console.error('start.mjs: Unleash does not start:', error)
  await stop(1)
}
if (!options.stock) {
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.removeAllListeners(event)
    process.on(event, (error) => console.error(`survived (a stock server would have ended): ${event}:`, error))
  }
}

console.log(`http://127.0.0.1:${unleash.server.address().port}`)

// mountEnterprise gives app the routes of the Enterprise edition that the provider uses. Each calls the service that the
// package has for it; environments have none for writing, only a store.
function mountEnterprise(app, config, services, stores) {
  const { projectService: projects, groupService: groups } = services
  const { environmentStore: environments, roleStore: roles } = stores
  const { NONE, ADMIN, CREATE_PROJECT, UPDATE_PROJECT, DELETE_PROJECT, MOVE_FEATURE_TOGGLE } = lib.permissions
  const access = [UPDATE_PROJECT, lib.permissions.PROJECT_USER_ACCESS_WRITE]
  const settings = [UPDATE_PROJECT, lib.permissions.PROJECT_SETTINGS_WRITE]
  const controller = new lib.Controller(config)

  // on mounts a route; what the handler returns is the answer's body, undefined an empty one
  const on = (method, path, permission, handler, status = 200) =>
    controller.route({
      method,
      path,
      permission,
      ...(method === 'delete' && { acceptAnyContentType: true }),
      handler: async (req, res) => {
        const body = await handler(req.params, req.body, req)
        body === undefined ? res.status(status).end() : res.status(status).json(body)
      },
    })
  const nameOf = ({ name }) => {
    if (typeof name !== 'string' || name === '' || encodeURIComponent(name) !== name) {
      throw new lib.BadDataError(`"name" must be URL friendly. You provided "${name}".`)
    }
    return name
  }
  const unique = async (name) => {
    if (await environments.exists(name)) {
      throw new lib.NameExistsError(`An environment with the name ${name} already exists.`)
    }
  }
  const ids = (list) => (list ?? []).map(Number)
  const known = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

  on('get', '/projects', NONE, async (_, __, { query, user }) => ({
    version: 1,
    projects: await projects.addOwnersToProjects(
      await projects.getProjects({ archived: query.archived === 'true' }, user.id),
    ),
  }))
  on('post', '/projects', CREATE_PROJECT, (_, body, { user, audit }) => projects.createProject(body, user, audit), 201)
  on('post', '/projects/validate', CREATE_PROJECT, async (_, { id }) => void (await projects.validateUniqueId(id)))
  on('post', '/projects/archive/:project', DELETE_PROJECT, ({ project }, _, { audit }) =>
    projects.archiveProject(project, audit))
  on('post', '/projects/revive/:project', DELETE_PROJECT, ({ project }, _, { audit }) =>
    projects.reviveProject(project, audit))
  on('put', '/projects/:project', settings, async ({ project }, body, { audit }) => {
    if (typeof body.name !== 'string') throw new lib.BadDataError('"name" is required.')
    await projects.updateProject({ ...body, id: project }, audit)
  })
  on('put', '/projects/:project/settings', settings, ({ project }, body, { audit }) =>
    projects.updateProjectEnterpriseSettings({ ...body, id: project }, audit))
  on('delete', '/projects/:project', DELETE_PROJECT, ({ project }, _, { user, audit }) =>
    projects.deleteProject(project, user, audit))
  on('post', '/projects/:project/features/:feature/changeProject', MOVE_FEATURE_TOGGLE,
    async ({ project, feature }, { newProjectId }, { user, audit }) =>
      void (await projects.changeProject(newProjectId, feature, user, project, audit)))

  on('get', '/projects/:project/access', NONE, ({ project }) => projects.getAccessToProject(project))
  on('post', '/projects/:project/access', access, ({ project }, body, { audit }) =>
    projects.addAccess(project, ids(body.roles), ids(body.groups), ids(body.users), audit))
  on('put', '/projects/:project/users/:id/roles', access, ({ project, id }, body, { audit }) =>
    projects.setRolesForUser(project, Number(id), ids(body.roles), audit))
  on('delete', '/projects/:project/users/:id/roles', access, ({ project, id }, _, { audit }) =>
    projects.removeUserAccess(project, Number(id), audit))
  on('put', '/projects/:project/groups/:id/roles', access, ({ project, id }, body, { audit }) =>
    projects.setRolesForGroup(project, Number(id), ids(body.roles), audit))
  on('delete', '/projects/:project/groups/:id/roles', access, ({ project, id }, _, { audit }) =>
    projects.removeGroupAccess(project, Number(id), audit))
  on('post', '/projects/:project/users/:id/roles/:role', access, ({ project, id, role }, _, { audit }) =>
    projects.addAccess(project, [Number(role)], [], [Number(id)], audit))
  on('put', '/projects/:project/users/:id/roles/:role', access, ({ project, id, role }, _, { audit }) =>
    projects.changeRole(project, Number(role), Number(id), audit))
  on('delete', '/projects/:project/users/:id/roles/:role', access, ({ project, id, role }, _, { audit }) =>
    projects.removeUser(project, Number(role), Number(id), audit))
  on('get', '/roles', NONE, async () => ({ version: 1, roles: await roles.getAll() }))
  on('get', '/groups', NONE, async () => ({ groups: await groups.getAll() }))

  on('post', '/environments', ADMIN, async (_, body) => {
    const name = nameOf(body)
    await unique(name)
    const { type, sortOrder, enabled, requiredApprovals } = body
    return environments.create(known({ name, type, sortOrder, enabled, requiredApprovals }))
  }, 201)
  on('post', '/environments/validate', ADMIN, async (_, body) => void (await unique(nameOf(body))))
  on('put', '/environments/update/:name', ADMIN, async ({ name }, { type, sortOrder, requiredApprovals }) => {
    await environments.get(name)
    return environments.update(known({ type, sortOrder, requiredApprovals }), name)
  })
  on('delete', '/environments/:name', ADMIN, async ({ name }) => {
    await environments.get(name)
    await environments.delete(name)
  })

  app.use('/api/admin', controller.router)
}
