export { AgendaItem } from './agenda-item.entity.ts';
