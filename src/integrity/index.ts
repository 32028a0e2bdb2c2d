export { checkIntegrity, type IntegrityReport, type Violation } from './integrity.ts';
