export { checkIntegrity, type IntegrityReport, type StatementRunner, type Violation } from './integrity.ts';
