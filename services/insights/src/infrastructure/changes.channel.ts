/** What has changed, for the replicas whose pages look on: each notification is a list of `{event, data}`. */
export const changesChannel = 'insights_changes';
/** Postgres takes fewer than 8,000 bytes. */
export const maxNotification = 7_500;
