import {
  to = flagops_unleash_context_field.plan
  id = "plan"
}
