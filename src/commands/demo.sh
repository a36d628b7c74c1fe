set -e
for name in origin staging production; do
    git init --quiet --bare --initial-branch=master $name.git
done
git init --quiet --initial-branch=master shop
cd shop
for name in origin staging production; do
    git remote add $name ../$name.git
done
git config user.name You
git config user.email you@shop.example
mkdir bin

cat >bin/ci <<'EOF'
#!/bin/sh
# The entire suite of this little shop.
total=$(./total 3 4)
echo "3 carts at 4 apiece: $total"
test "$total" = 12
EOF

cat >total <<'EOF'
#!/bin/sh
echo $(($1 * $2))
EOF

cat >.pushgate.yml <<'EOF'
suite:
  run: bin/ci

environments:
  staging: {}
  production:
    after: staging
    window:
      # A team names its timezone here. Left out, the clock of whoever
      # pushes counts, so that this demo has a night at any hour.
      closed: ["22:00-07:00"]
EOF

chmod +x bin/ci total
git add .
git commit --quiet --message 'Open the shop'
