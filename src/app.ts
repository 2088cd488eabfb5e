import fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Config } from './config.js'
import { BODY_LIMIT, readBodies } from './http/body.js'
import { boundRequests } from './http/bounds.js'
import { findClients, trustOf } from './http/client-address.js'
import { serveContract } from './http/contract-files.js'
import { ignoreUnknownExpectations, refuseMalformedHttp, slowSenders, watchExchanges } from './http/connections.js'
import { allowOrigins } from './http/cors.js'
import { serveDocs } from './http/docs.js'
import { type Answer, countUndeclared, guardAnswers } from './http/exit-guard.js'
import { requestId, sendHeaders } from './http/headers.js'
import { logAnswers, type LogBase, loggerOptions } from './http/log.js'
import { refuseUnknownPaths } from './http/paths.js'
import { answerProblems, sendProblem } from './http/problems.js'
import { findPrefixes, requireHost, undecodableToNowhere } from './http/url.js'
import { validatorCompiler } from './http/validation.js'
import { rememberUses } from './http/uses.js'
import { wire } from './http/wire.js'
import type { WriteDeps } from './users/write.js'

/** What the application stands on. */
export interface AppDeps extends WriteDeps {
  /** Told of every answer, compared with the contract. The default is `countUndeclared`. */
  readonly onAnswer?: (answer: Answer) => void
  readonly logBase?: LogBase
}

/** Builds the application: a request's itinerary from top to bottom. It neither listens nor owns the database. */
export async function buildApp(config: Config, { onAnswer, logBase = null, ...deps }: AppDeps): Promise<FastifyInstance> {
  const trust = trustOf(config.trustedProxies)
  const app = fastify({
    logger: loggerOptions(config.logLevel, logBase),
    logController: new LogController({ disableRequestLogging: true }),
    // A logger a request costs more than naming the request in the lines that are its own.
    childLoggerFactory: (logger) => logger,
    genReqId: requestId,
    trustProxy: config.trustedProxies.length > 0 ? trust : false,
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: config.keepAliveMs,
    requestTimeout: config.requestMs,
    http: slowSenders(config),
    rewriteUrl: undecodableToNowhere,
    // Requests on open connections are served until the close has finished them.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // No id is too long to be told that it names no user; Node bounds the request line.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: Number.MAX_SAFE_INTEGER },
    clientErrorHandler: refuseMalformedHttp,
    frameworkErrors: sendProblem,
  })
  findClients(app, trust)
  findPrefixes(app, trust)
  watchExchanges(app)
  ignoreUnknownExpectations(app)
  sendHeaders(app, config.publicUrl)
  allowOrigins(app, config.corsOrigins)
  logAnswers(app, logBase, config.logSignIns)
  guardAnswers(app, onAnswer ?? countUndeclared(app))
  answerProblems(app)
  refuseUnknownPaths(app)
  boundRequests(app, config)
  app.addHook('onRequest', requireHost)
  readBodies(app)
  app.setValidatorCompiler(validatorCompiler)
  serveContract(app, config.publicUrl)
  serveDocs(app, config.publicUrl)
  await wire(app, deps, config, rememberUses(app, deps.db, config))
  return app
}
