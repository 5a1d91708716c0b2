import { movingChanges } from '../domain/endpoint.js';

const moving = movingChanges.map((change) => `'${change}'`).join(', ');

/** The id of a delivery, derived: the same step for the same endpoint has the same one. */
const idOf = (endpoint: string, step: string): string =>
  `encode(substring(sha256(convert_to(${endpoint}.endpoint_id || '/' || ${step}.loop_id || '/' || ${step}.version, 'UTF8')) from 1 for 16), 'hex')::uuid`;

/** Columns of a delivery that an endpoint `e` is to have of a step `s`. */
export const deliveryColumns = 'delivery_id, endpoint_id, team, loop_id, version';
export const deliveryOf = (endpoint: string, step: string): string =>
  `${idOf(endpoint, step)}, ${endpoint}.endpoint_id, ${endpoint}.team, ${step}.loop_id, ${step}.version`;

/** Whether an endpoint wants a step. */
export const wants = (endpoint: string, step: string): string =>
  `(${endpoint}.changes is null or ${step}.change = any(${endpoint}.changes))`;

/** The team that had a loop before a step by which it may have left it. */
export const teamBefore = (step: string): string =>
  `case when ${step}.change in (${moving}) then
     (select h.team from loop_history h where h.loop_id = ${step}.loop_id and h.version = ${step}.version - 1) end`;

/**
 * After `appended`, the steps that a statement has written: what their teams' endpoints are to hear of them, those of the team
 * that a loop leaves, too. Where no team has an endpoint this reads one empty table.
 */
export const insertDeliveries = `
  , step as (
    select a.*, lag(team) over (partition by loop_id order by version) as earlier from appended a
  ), placed as (
    -- what this statement writes it does not see: of several steps of a loop only the first looks into the table
    select s.*, coalesce(s.earlier, case when exists (select from endpoint) then ${teamBefore('s')} end) as before from step s
  ), heard as (
    select loop_id, version, change, team from placed
    union all
    select loop_id, version, change, before from placed where before <> team
  )
  insert into delivery (${deliveryColumns})
    select ${deliveryOf('e', 'h')} from heard h join endpoint e on e.team = h.team
      where e.deleted_at is null and ${wants('e', 'h')}
    on conflict do nothing`;
