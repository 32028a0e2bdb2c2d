export {
  type Directory,
  type Group,
  type GroupDirectory,
  type GroupKind,
  type GroupMembers,
  type GroupPage,
  groupKinds,
  type MemoryUser,
  memoryGroups,
  memoryUsers,
  type UserDirectory,
  type UserProfile,
} from './directory.ts';
