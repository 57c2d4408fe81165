<?php
// Receives events that Callgate forwards (PHP 8). Run: SECRET=whsec_… php -S 127.0.0.1:8080 receive.php
$key = base64_decode(preg_replace('/^whsec_/', '', getenv('SECRET')));
$body = file_get_contents('php://input');
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$at = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
$own = base64_encode(hash_hmac('sha256', "$id.$at.$body", $key, true));

$genuine = false;
foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $each) {
    $genuine = $genuine || hash_equals("v1,$own", $each);
}
if (!$genuine || !ctype_digit($at) || abs(time() - (int) $at) > 300) {
    http_response_code(401);
    exit;
}
// The same event comes again when your answer got lost: keep the ids in a table with a unique column.
$event = json_decode($body, true);
error_log($event['type'] . ' ' . ($event['subject'] ?? '') . ' ' . json_encode($event['data']));
http_response_code(204);
