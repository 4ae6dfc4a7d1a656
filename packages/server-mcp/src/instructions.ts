/** What clients hand to their model about this server. */
export const INSTRUCTIONS = `ExecGo runs tasks durably: what it has accepted goes on when you disconnect, and after a crash.
- One action: call its tool (os__shell, os__file, a tool of another server, a skill). The call waits for the result; cancelling it ends the work.
- Several actions, or long ones: submit_task_graph, then wait_task with the graph_id until done is true, then get_task for results. Independent tasks run at the same time.
- An error begins with its code: invalid_input and denied do not get better by repeating; unavailable and resource_exhausted do, with the same idempotency_key.`;
