import {
  to = flagops_unleash_context_field.plan
  identity = {
    name = "plan"
  }
}
