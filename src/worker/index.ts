export { jobsOf } from './jobs.ts';
export { type Job, Worker, type WorkerReport } from './worker.ts';
