// The official JSON Schemas as a judge of single messages: what is wrong with one that a server of
// a given revision sent, as text; nothing where it is right.
import { readFileSync } from 'node:fs';
import { package_path, require } from './packages.mjs';

const { Ajv } = require('ajv');
const { Ajv2020 } = require('ajv/dist/2020.js');
const add_formats = require('ajv-formats').default;
// The extension's schemas are its own package's; the revision's know nothing of it.
const extension = await import(package_path('@modelcontextprotocol/ext-tasks/dist/core/v2/index.js'));

export const revisions = ['2025-06-18', '2025-11-25', '2026-07-28'];
export const kStateless = '2026-07-28';

const results = {
  initialize: 'InitializeResult',
  ping: 'EmptyResult',
  'tools/list': 'ListToolsResult',
  'tools/call': 'CallToolResult',
  'resources/list': 'ListResourcesResult',
  'resources/templates/list': 'ListResourceTemplatesResult',
  'resources/read': 'ReadResourceResult',
  'resources/subscribe': 'EmptyResult',
  'resources/unsubscribe': 'EmptyResult',
  'prompts/list': 'ListPromptsResult',
  'prompts/get': 'GetPromptResult',
  'completion/complete': 'CompleteResult',
  'logging/setLevel': 'EmptyResult',
  'server/discover': 'DiscoverResult',
  'subscriptions/listen': 'SubscriptionsListenResult',
  'tasks/get': 'GetTaskResult',
  'tasks/result': 'GetTaskPayloadResult',
  'tasks/cancel': 'CancelTaskResult',
  'tasks/list': 'ListTasksResult',
};

const notifications = {
  'notifications/cancelled': 'CancelledNotification',
  'notifications/progress': 'ProgressNotification',
  'notifications/message': 'LoggingMessageNotification',
  'notifications/resources/updated': 'ResourceUpdatedNotification',
  'notifications/resources/list_changed': 'ResourceListChangedNotification',
  'notifications/tools/list_changed': 'ToolListChangedNotification',
  'notifications/prompts/list_changed': 'PromptListChangedNotification',
  'notifications/elicitation/complete': 'ElicitationCompleteNotification',
  'notifications/tasks/status': 'TaskStatusNotification',
  'notifications/subscriptions/acknowledged': 'SubscriptionsAcknowledgedNotification',
};

const requests = {
  ping: 'PingRequest',
  'sampling/createMessage': 'CreateMessageRequest',
  'elicitation/create': 'ElicitRequest',
  'roots/list': 'ListRootsRequest',
};

const extension_results = {
  'tools/call': extension.CreateTaskResultV2Schema,
  'tasks/get': extension.GetTaskResultV2Schema,
  'tasks/update': extension.UpdateTaskResultV2Schema,
  'tasks/cancel': extension.CancelTaskResultV2Schema,
};

const only_stateful = /^(initialize|ping|logging\/setLevel|resources\/(un)?subscribe)$/;

// Which of a result's several types it claims to be.
function result_type(request, result, revision) {
  if (revision === kStateless) {
    if (only_stateful.test(request.method)) return undefined;
    if (result.resultType === 'input_required') return 'InputRequiredResult';
  }
  if (request.params?.task && result.task) return 'CreateTaskResult';
  return results[request.method];
}

// What a message has to be by the tasks extension; nothing where it has no part in it.
function extension_schema(message, request) {
  if (message.method === 'notifications/tasks') return extension.TaskStatusNotificationV2Schema;
  const is_part = request?.method.startsWith('tasks/') || message.result?.resultType === 'task';
  return 'result' in message && is_part ? extension_results[request?.method] : undefined;
}

function against_extension(schema, message) {
  const read = schema.safeParse('method' in message ? message : message.result);
  return read.success ? undefined : `is not what the tasks extension says: ${read.error.message}`;
}

function load(revision) {
  const path = new URL(`../vectors/mcp-schema/${revision}/schema.json`, import.meta.url);
  const schema = JSON.parse(readFileSync(path));
  const ajv = schema.$defs ? new Ajv2020({ strict: false }) : new Ajv({ strict: false });
  add_formats(ajv);
  ajv.addSchema(schema, revision);
  return { ajv, where: schema.$defs ? '$defs' : 'definitions', types: schema.$defs ?? schema.definitions };
}

const loaded = new Map();

export class Schema {
  constructor(revision) {
    if (!loaded.has(revision)) loaded.set(revision, load(revision));
    Object.assign(this, loaded.get(revision));
    this.revision = revision;
  }

  // `request` is the one that a response answers; null where none is known.
  complaints(message, request) {
    return this.#against('JSONRPCMessage', message) ?? this.#specific(message, request);
  }

  #specific(message, request) {
    const of_extension = this.revision === kStateless && extension_schema(message, request);
    if (of_extension) return against_extension(of_extension, message);
    if ('method' in message && 'id' in message) return this.#request(message);
    if ('method' in message) return this.#of(notifications, 'ServerNotification', message);
    if ('error' in message) return this.#error(message);
    if (!request) return 'answers no request';
    const type = result_type(request, message.result, this.revision);
    if (!type) return `answers ${request.method} with a result`;
    return this.#against('ServerResult', message.result) ?? this.#against(type, message.result);
  }

  #request(message) {
    if (this.revision === kStateless) return 'is a request, of which servers send none';
    return this.#of(requests, 'ServerRequest', message);
  }

  #error(message) {
    const type = this.types.JSONRPCErrorResponse ? 'JSONRPCErrorResponse' : 'JSONRPCError';
    return this.#against(type, message);
  }

  #of(types, union, message) {
    const type = types[message.method];
    if (!type || !this.types[type]) return `has the method ${message.method}`;
    return this.#against(union, message) ?? this.#against(type, message);
  }

  #against(type, value) {
    if (!this.types[type]) return `is of a type that the revision has not: ${type}`;
    const reference = `${this.revision}#/${this.where}/${type}`;
    const validate = this.ajv.getSchema(reference);
    if (validate(value)) return undefined;
    return `is no ${type}: ${this.ajv.errorsText(validate.errors)}`;
  }
}
