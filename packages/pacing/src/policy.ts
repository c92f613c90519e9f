/** Policies by mode: what a campaign's configuration names. */
import { PredictivePolicy } from './predictive.ts';
import { PowerPolicy, PreviewPolicy } from './simple-policies.ts';
import type { PacingConfig, PacingPolicy } from './port.ts';

export function createPolicy(config: PacingConfig): PacingPolicy {
  switch (config.mode) {
    case 'preview':
      return new PreviewPolicy();
    case 'progressive':
      return new PowerPolicy(1);
    case 'power':
      return new PowerPolicy(config.ratio ?? 1.5);
    case 'predictive':
      return new PredictivePolicy(config);
  }
}
