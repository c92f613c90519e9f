import { sipStackContract } from '../contract.ts';
import { createNativeSipStack } from './stack.ts';

sipStackContract('the native stack', createNativeSipStack);
