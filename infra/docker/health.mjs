// Exit status 0 when the service on this port is ready.
const response = await fetch(`http://127.0.0.1:${process.argv[2]}/health/ready`);
if (!response.ok) console.error(await response.text());
process.exit(response.ok ? 0 : 1);
