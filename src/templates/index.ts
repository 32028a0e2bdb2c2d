export { Template, type TemplateProps } from './template.entity.ts';
