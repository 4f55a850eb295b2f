import {
  to = flagops_unleash_feature_type.release
  identity = {
    id = "release"
  }
}
